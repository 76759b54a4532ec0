#!lua flags=allow-oom
-- budget(KEYS = [log], ARGV = [limit, window_ms, call]) -> 0 if granted, else ms until the next is
--
-- hl:{portal}:budget:METER   sorted set: calls by when they were granted, later by when they were
--                            answered (ms); one that was not answered counts from its grant
--
-- A script because every process of the portal draws from one budget. The clock is the store's.
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local limit = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - window)
-- Calls of the future were made before the store's clock was set back: they count from now.
for _, call in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], "(" .. now, "+inf")) do
  redis.call("ZADD", KEYS[1], now, call)
end
local taken = redis.call("ZCARD", KEYS[1])
if taken >= limit then
  local first = redis.call("ZRANGE", KEYS[1], taken - limit, taken - limit, "WITHSCORES")
  return math.max(1, tonumber(first[2]) + window - now)
end
redis.call("ZADD", KEYS[1], now, ARGV[3])
redis.call("PEXPIRE", KEYS[1], window + 120000)
return 0
