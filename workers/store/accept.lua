-- accept(KEYS = [stream, counts, bell, lanes, measures, rates, seen…],
--        ARGV = [dedupe_ms, max_waiting, bell_ms, lane, us_an_event, (meta, body)…])
--   -> [ring, id, is_new, id, is_new, …]; or nothing is kept: ["full", waiting], ["fast", wait_us]
--
-- hl:{portal}:events:LANE  stream: one entry an event; trimmed when old and handled
-- hl:{portal}:counts   hash: waiting, accepted, and one for each final state; never expires
-- hl:{portal}:bell     string: set while a drain is on its way; expires, so that a lost one heals
-- hl:{portal}:lanes    set: the endpoints that ever had an event; never expires
-- hl:{portal}:measures hash: see measure.lua; counted here, since here it is known
-- hl:{portal}:rates    hash: lane → until when (us) what it sent is paid for, at its endpoint's rate
-- hl:{portal}:seen:H   string: the id given to the event of this hash, and what the lane's name has
--                      after the endpoint's ("~backfill"); lives for the dedupe window
--
-- A script because "not seen" and "kept" must be one step, for all events of a delivery together.
local first_seen = 7
local burst_us = 1000000 -- a sender may be a second ahead of its rate
local mark = string.match(ARGV[4], "~.*") or ""
local fresh = 0
for i = first_seen, #KEYS do
  if redis.call("EXISTS", KEYS[i]) == 0 then
    fresh = fresh + 1
  end
end
local waiting = tonumber(redis.call("HGET", KEYS[2], "waiting") or "0")
if fresh > 0 and waiting + fresh > tonumber(ARGV[2]) then
  return {"full", waiting}
end
local us_an_event = tonumber(ARGV[5])
if fresh > 0 and us_an_event > 0 then
  local time = redis.call("TIME")
  local now_us = time[1] * 1000000 + time[2]
  local paid_us = math.max(now_us, tonumber(redis.call("HGET", KEYS[6], ARGV[4]) or "0"))
  if paid_us - now_us > burst_us then
    return {"fast", paid_us - now_us - burst_us}
  end
  redis.call("HSET", KEYS[6], ARGV[4], string.format("%.0f", paid_us + fresh * us_an_event))
end
local reply = {0}
local kept = 0
local duplicates = 0
for i = first_seen, #KEYS do
  local known = redis.call("GET", KEYS[i])
  if known then
    reply[#reply + 1] = known
    reply[#reply + 1] = 0
    duplicates = duplicates + 1
  else
    local at = 6 + (i - first_seen) * 2
    local id = redis.call("XADD", KEYS[1], "*", "m", ARGV[at], "b", ARGV[at + 1]) .. mark
    redis.call("SET", KEYS[i], id, "PX", ARGV[1])
    reply[#reply + 1] = id
    reply[#reply + 1] = 1
    kept = kept + 1
  end
end
if kept > 0 then
  redis.call("SADD", KEYS[4], ARGV[4])
  redis.call("HINCRBY", KEYS[2], "waiting", kept)
  redis.call("HINCRBY", KEYS[2], "accepted", kept)
  redis.call("HINCRBY", KEYS[5], "events_accepted\31" .. ARGV[4], kept)
  if redis.call("SET", KEYS[3], "1", "NX", "PX", ARGV[3]) then
    reply[1] = 1
  end
end
if duplicates > 0 then
  redis.call("HINCRBY", KEYS[5], "events_duplicate\31" .. ARGV[4], duplicates)
end
return reply
