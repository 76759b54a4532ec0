#!lua flags=allow-oom
-- measure(KEYS = [measures, flush], ARGV = [keep_ms, n, n (field, by)…, (field, value)…])
--   -> 1 if they were added, 0 if they had been before
--
-- hl:{portal}:measures    hash: counters, the parts of histograms, and what was last told; never expires
-- hl:{portal}:flush:ID    string: this flush was added; lives as long as anybody may send it again
--
-- A script because a flush whose answer was lost is sent again, and must not count twice.
if not redis.call("SET", KEYS[2], "1", "NX", "PX", ARGV[1]) then
  return 0
end
local told = 3 + 2 * tonumber(ARGV[2])
for i = 3, told - 1, 2 do
  redis.call("HINCRBY", KEYS[1], ARGV[i], ARGV[i + 1])
end
for i = told, #ARGV, 2 do
  redis.call("HSET", KEYS[1], ARGV[i], ARGV[i + 1])
end
return 1
