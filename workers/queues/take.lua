-- take(KEYS = [taken, due, list…], ARGV = [limit, hold_ms, prefix]) -> [tag, message, …]
--
-- QUEUE                       list: what waits, as kombu's Redis transport has it; taken from the right
-- QUEUE\6\22N                 list: the same for the priority N
-- hookline:{QUEUE}:taken      hash: tag -> message, of what a consumer has in hand
-- hookline:{QUEUE}:due        sorted set: tag -> when it is waiting again, in ms; nothing of it expires
--
-- A script because a message must be in the list or in hand at every moment: BRPOP hands it to a
-- connection, and if the consumer dies then, nobody has it.
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local late = redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", now, "LIMIT", 0, 1000)
for i = #late, 1, -1 do
  local message = redis.call("HGET", KEYS[1], late[i])
  if message then
    redis.call("RPUSH", KEYS[3], message)
  end
  redis.call("HDEL", KEYS[1], late[i])
  redis.call("ZREM", KEYS[2], late[i])
end
local reply = {}
local room = tonumber(ARGV[1])
for i = 3, #KEYS do
  while room > 0 do
    local message = redis.call("RPOP", KEYS[i])
    if not message then
      break
    end
    local tag = ARGV[3] .. ":" .. room
    redis.call("HSET", KEYS[1], tag, message)
    redis.call("ZADD", KEYS[2], now + tonumber(ARGV[2]), tag)
    reply[#reply + 1] = tag
    reply[#reply + 1] = message
    room = room - 1
  end
end
return reply
