#!lua flags=allow-oom
-- intend(KEYS = [fence, intended, intent…], ARGV = [number, value, keep_s])
--   -> 1, or 0 for an old holder
--
-- hl:{portal}:fence       integer: the number of the newest holder of the lease
-- hl:{portal}:intended    string: there may be intents; outlives them
-- hl:{portal}:intent:KEY  string: "@FENCE@MICROSECONDS" while its answer is open; lives keep_s
--
-- A script because a holder paused past its lease must not begin what a newer one looks back for.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call("SET", KEYS[2], "1", "EX", 2 * ARGV[3])
for i = 3, #KEYS do
  redis.call("SET", KEYS[i], ARGV[2], "EX", ARGV[3])
end
return 1
