-- discard(KEYS = [from, counts, group, verdict, kept], ARGV = [event, state, new_state, verdict, keep_s])
--   -> 1 if it was there
--
-- hl:{portal}:dead, unknown   sorted set: events by the time they ended there
-- hl:{portal}:like:STATE:H    sorted set: those that ended alike
-- hl:{portal}:counts          hash: how many are in each state
-- hl:{portal}:verdict:EVENT   string: where the event stands
-- hl:{portal}:kept:EVENT      hash: its body, which is now kept as long as a handled one's
--
-- A script because an event must be in one place at every moment.
if redis.call("ZREM", KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("HINCRBY", KEYS[2], ARGV[2], -1)
redis.call("HINCRBY", KEYS[2], ARGV[3], 1)
redis.call("SET", KEYS[4], ARGV[4], "EX", ARGV[5])
redis.call("EXPIRE", KEYS[5], ARGV[5])
return 1
