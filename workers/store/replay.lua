-- replay(KEYS = [from, retry, counts, group], ARGV = [event, due_ms, state]) -> 1 if it was there
--
-- hl:{portal}:dead, unknown   sorted set: events by the time they ended there
-- hl:{portal}:like:STATE:H    sorted set: those that ended alike
-- hl:{portal}:retry           sorted set: events by due time
-- hl:{portal}:counts          hash: how many are in each state
--
-- A script because an event must be in one place at every moment.
if redis.call("ZREM", KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call("ZREM", KEYS[4], ARGV[1])
redis.call("ZADD", KEYS[2], ARGV[2], ARGV[1])
redis.call("HINCRBY", KEYS[3], ARGV[3], -1)
redis.call("HINCRBY", KEYS[3], "waiting", 1)
return 1
