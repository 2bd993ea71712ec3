-- Take tombstones off the board that nobody needs any more, where they still stand as they were seen.
-- KEYS: board. ARGV: field and seq of each. Answers how many it took. The head does not move: nothing has changed.
local taken = 0
for i = 1, #ARGV, 2 do
  local value = redis.call('HGET', KEYS[1], ARGV[i])
  if value and string.match(value, '^(%d+)|%d+|1|') == ARGV[i + 1] then
    taken = taken + redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return taken
