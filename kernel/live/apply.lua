-- Apply one range of states (after, to] to the board, atomically (I6).
-- KEYS: board, head, wake. ARGV: epoch, after, to, then field and value of each state, oldest first.
-- Answers {'applied', seq}, {'gap', seq} or {'absent', epoch found or ''}; never makes a board out of nothing.
local WAKE_MAX, WAKE_MIN, WAKE_BYTES = 512, 32, 16 * 1024 * 1024
local ENTRY_STATES, ENTRY_BYTES = 1000, 1024 * 1024

local head = redis.call('HMGET', KEYS[2], 'epoch', 'seq')
local seq = tonumber(head[2] or '')
if not head[1] or not seq then
  return {'absent', ''}
end
if head[1] ~= ARGV[1] or (seq > 0 and redis.call('EXISTS', KEYS[1]) == 0) then
  return {'absent', head[1]}
end
if tonumber(ARGV[3]) <= seq then
  return {'applied', seq}
end
if tonumber(ARGV[2]) > seq then
  return {'gap', seq}
end

local entry, bytes = {'epoch', ARGV[1], 'after', head[2], 'to', ARGV[3]}, 0
for i = 4, #ARGV, 2 do
  local value = ARGV[i + 1]
  if tonumber(string.match(value, '^%d+')) > seq then
    redis.call('HSET', KEYS[1], ARGV[i], value)
    entry[#entry + 1] = ARGV[i]
    entry[#entry + 1] = value
    bytes = bytes + #value
  end
end
redis.call('HSET', KEYS[2], 'seq', ARGV[3])

-- A mirror that finds no states in an entry reads the board again.
if #entry > 2 * ENTRY_STATES or bytes > ENTRY_BYTES then
  entry, bytes = {'epoch', ARGV[1], 'after', '', 'to', ARGV[3]}, 0
end
local keep = math.max(WAKE_MIN, math.min(WAKE_MAX, math.floor(WAKE_BYTES / (bytes + 1))))
redis.call('XADD', KEYS[3], 'MAXLEN', '~', keep, '*', unpack(entry))
return {'applied', tonumber(ARGV[3])}
