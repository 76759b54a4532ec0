#!lua flags=allow-oom
-- regroup(KEYS = [list, group, groups, kept], ARGV = [event, group, words]) -> 1 if it joined
--
-- hl:{portal}:dead, unknown   sorted set: events by the time they ended there
-- hl:{portal}:like:STATE:H    sorted set: those that ended alike
-- hl:{portal}:groups          hash: H → the words that the group's reasons share
-- hl:{portal}:kept:EVENT      hash: its body, and the group that it is in
--
-- A script because the event may leave its state meanwhile, and must not stay in the group then.
local ended = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not ended or redis.call("EXISTS", KEYS[4]) == 0 or redis.call("HEXISTS", KEYS[4], "g") == 1 then
  return 0
end
redis.call("ZADD", KEYS[2], ended, ARGV[1])
redis.call("HSET", KEYS[3], ARGV[2], ARGV[3])
redis.call("HSET", KEYS[4], "g", ARGV[2])
return 1
