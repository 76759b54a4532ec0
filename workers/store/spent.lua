#!lua flags=allow-oom
-- spent(KEYS = [log], ARGV = [call]) -> 1 if the call was still counted
--
-- hl:{portal}:budget:METER   sorted set: see budget.lua
--
-- A script because the clock is the store's.
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return redis.call("ZADD", KEYS[1], "XX", "CH", now, ARGV[1])
