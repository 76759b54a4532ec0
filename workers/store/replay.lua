-- replay(KEYS = [from, retry, counts, verdict], ARGV = [entry, due_ms, state]) -> 1 if it was there
--
-- hl:{portal}:dead, unknown   sorted set: entries by the time they ended there
-- hl:{portal}:retry           sorted set: entries by due time
-- hl:{portal}:counts          hash: how many are in each state
-- hl:{portal}:verdict:ENTRY   string: what became of it so far; stays, so that nothing is redone
--
-- A script because an event must be in one place at every moment.
if redis.call("ZREM", KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call("ZADD", KEYS[2], ARGV[2], ARGV[1])
redis.call("HINCRBY", KEYS[3], ARGV[3], -1)
redis.call("HINCRBY", KEYS[3], "waiting", 1)
return 1
