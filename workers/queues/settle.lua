-- settle(KEYS = [taken, due, list], ARGV = ["done" | "back" | hold_ms, tag…]) -> how many were in hand
--
-- The keys are those of take.lua. "done" forgets the messages, "back" returns them to the queue in
-- their order, a number keeps them in hand for so long from now.
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local had = 0
for i = #ARGV, 2, -1 do
  local message = redis.call("HGET", KEYS[1], ARGV[i])
  if message then
    had = had + 1
    if ARGV[1] == "back" then
      redis.call("RPUSH", KEYS[3], message)
    end
    if ARGV[1] == "back" or ARGV[1] == "done" then
      redis.call("HDEL", KEYS[1], ARGV[i])
      redis.call("ZREM", KEYS[2], ARGV[i])
    else
      redis.call("ZADD", KEYS[2], now + tonumber(ARGV[1]), ARGV[i])
    end
  end
end
return had
