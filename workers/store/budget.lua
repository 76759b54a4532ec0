#!lua flags=allow-oom
-- budget(KEYS = [log], ARGV = [limit, window_ms]) -> 0 if granted, else ms until the next is
--
-- hl:{portal}:budget:METER   list: when the last `limit` requests were granted (ms); one window
--
-- A script because every process of the portal draws from one budget. The clock is the store's.
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local limit = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
while true do
  local oldest = redis.call("LINDEX", KEYS[1], 0)
  if not oldest or tonumber(oldest) > now - window then
    break
  end
  redis.call("LPOP", KEYS[1])
end
if redis.call("LLEN", KEYS[1]) >= limit then
  return math.max(1, tonumber(redis.call("LINDEX", KEYS[1], -limit)) + window - now)
end
redis.call("RPUSH", KEYS[1], now)
redis.call("PEXPIRE", KEYS[1], window)
return 0
