-- Takes one try from every ration in KEYS, or from none. Returns 0, or the milliseconds to wait.
-- ARGV: burst, every_ms of each key. A key holds the instant at which its ration is full again
-- (the "generic cell rate algorithm"): one number, and Redis drops it when it no longer matters.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local full, wait = {}, 0
for i, key in ipairs(KEYS) do
  local burst, every = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  -- A server clock that jumped back must not lock anybody out for as long as the jump.
  local at = math.min(tonumber(redis.call('GET', key) or now), now + burst * every)
  full[i] = math.max(at, now)
  wait = math.max(wait, full[i] - now - (burst - 1) * every)
end
if wait > 0 then
  return math.ceil(wait)
end
for i, key in ipairs(KEYS) do
  local every = tonumber(ARGV[2 * i])
  redis.call('SET', key, string.format('%d', full[i] + every), 'PX', string.format('%d', full[i] + every - now))
end
return 0
