-- Put a board that was loaded under a name of its own in the place of the present one, atomically (I6).
-- KEYS: board, head, wake, loaded. ARGV: epoch, seq, number of states loaded, '1' to replace an equal seq.
-- Answers 'swapped', 'kept' (Redis is already as far) or 'torn' (part of what was loaded is gone again).
local head = redis.call('HMGET', KEYS[2], 'epoch', 'seq')
local seq = tonumber(head[2] or '')
local new = tonumber(ARGV[2])
if head[1] == ARGV[1] and seq and (seq == 0 or redis.call('EXISTS', KEYS[1]) == 1) then
  if seq > new or (seq == new and ARGV[4] ~= '1') then
    redis.call('UNLINK', KEYS[4])
    return 'kept'
  end
end
if redis.call('HLEN', KEYS[4]) ~= tonumber(ARGV[3]) then
  redis.call('UNLINK', KEYS[4])
  return 'torn'
end

redis.call('UNLINK', KEYS[1], KEYS[2])
if ARGV[3] ~= '0' then
  redis.call('RENAME', KEYS[4], KEYS[1])
  redis.call('PERSIST', KEYS[1])
end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'seq', ARGV[2])
-- A forced swap may change states under the numbers that mirrors have already: they must look again.
local entry = {'epoch', ARGV[1], 'after', '', 'to', ARGV[2]}
if ARGV[4] == '1' then
  entry[#entry + 1] = 'forced'
  entry[#entry + 1] = '1'
end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 512, '*', unpack(entry))
return 'swapped'
