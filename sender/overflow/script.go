package overflow

import (
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// The scripts. Each has the keys of one stream, its stream and its meta, and answers with
// a word, then, where the meta is still there: fence, head, end, takenUntil, bytes, which
// are those of the meta.
//
// Meta has, beside what Meta says:
//
//	holder      who has the lease; empty: nobody
//	fence       the number of the lease: rises with each claim
//	until       when the lease is over, ms by the clock of Redis
//	head, end   numbers of the first point that is left, and behind the last
//	takenFrom   what others than the owner gave free of it, since
//	takenUntil  the owner looked last
//	bytes       what the entries take, about
//	attempt     number of the last call by this fence that wrote or renewed
//
// A call that was given up may still come, late. So a claim names the fence that it has
// seen, and what writes or renews its attempt: those that are not up to date are refused.
type scripts struct {
	claim, renew, append, release, letGo *redis.Script
}

func newScripts() scripts {
	script := func(body string) *redis.Script { return redis.NewScript(prelude + body) }
	return scripts{
		claim: script(claimScript), renew: script(renewScript),
		append:  script(strings.ReplaceAll(appendScript, "FIELDS", strconv.Itoa(entryArgs-1))),
		release: script(releaseScript), letGo: script(letGoScript),
	}
}

// What a script answers first.
const (
	isHeld   = "held"   // it did what it was asked to
	isAbsent = "absent" // there is no such stream
	isTaken  = "taken"  // somebody else has it
	isLate   = "late"   // a later call was there before
)

// prelude is what all scripts begin with. Numbers are given as text: Lua would write them
// as 1e+15.
const prelude = `
local stream, meta = KEYS[1], KEYS[2]
local call = redis.call
local function text(n) return string.format('%.0f', n) end
local function clock()
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function read()
  local names = {'owner', 'holder', 'fence', 'until', 'head', 'end', 'takenUntil', 'bytes', 'attempt'}
  local m = {}
  for i, value in ipairs(call('HMGET', meta, unpack(names))) do m[names[i]] = value end
  return m.owner and m
end
local function set(m, ...)
  local fields = {...}
  call('HSET', meta, ...)
  for i = 1, #fields, 2 do m[fields[i]] = fields[i + 1] end
end
local function answer(word, m)
  if not m then return {word} end
  return {word, m.fence or '0', m.head or '0', m['end'] or '0', m.takenUntil or '0', m.bytes or '0'}
end
-- cut deletes what the owner has not confirmed: the points from the number on.
local function cut(m, from)
  while true do
    local tail = call('XRANGE', stream, from, '+', 'COUNT', 16)
    if #tail == 0 then break end
    for _, entry in ipairs(tail) do call('XDEL', stream, entry[1]) end
  end
  if call('XLEN', stream) == 0 then
    call('DEL', stream)
  else
    call('XSETID', stream, text(tonumber(from) - 1) .. '-0')
  end
  local had, left = tonumber(m['end']) - tonumber(m.head), math.max(0, tonumber(from) - tonumber(m.head))
  set(m, 'end', from, 'bytes', text(math.floor(tonumber(m.bytes or '0') * left / math.max(1, had))))
  if tonumber(m.head) > tonumber(from) then set(m, 'head', from) end
end
`

// claimScript gets the lease. ARGV: who, lease in ms, the fence that there is, or "", "own",
// "adopt" or, for who had adopted what Redis has lost, "restore"; the end that it knows, or
// "", "1" if it needs the stream although Redis has none, names and values of the meta that
// is made then.
const claimScript = `
call('PERSIST', meta)
local me, lease, mode, known = ARGV[1], tonumber(ARGV[2]), ARGV[4], ARGV[5]
local m, now = read(), clock()
if (m and m.fence or '') ~= ARGV[3] then return answer('late', m) end
if not m then
  local first = call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if mode == 'adopt' or not first and ARGV[6] ~= '1' then return {'absent'} end
  m = {head = known, ['end'] = known, takenUntil = mode == 'restore' and known or '0', bytes = '0', fence = '0', attempt = '0'}
  if first then
    m.head = text(tonumber(string.match(first[1], '^%d+')) - tonumber(first[2][2]) + 1)
    m['end'] = text(tonumber(string.match(call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1][1], '^%d+')) + 1)
  end
  set(m, 'head', m.head, 'end', m['end'], 'takenUntil', m.takenUntil, 'bytes', '0', unpack(ARGV, 7))
elseif mode == 'restore' then
  return {'taken'}
elseif mode == 'adopt' then
  if tonumber(m['until']) > now then return {'taken'} end
  if call('XLEN', stream) == 0 then return {'absent'} end
elseif m.holder ~= me and m.holder ~= '' and tonumber(m['until']) > now then
  return {'taken'}
end
if mode == 'own' then
  if known ~= '' and tonumber(m['end']) > tonumber(known) then
    cut(m, known)
    if tonumber(m.takenUntil or '0') > tonumber(known) then set(m, 'takenUntil', known) end
  end
  if call('XLEN', stream) == 0 then call('HSET', meta, unpack(ARGV, 7)) end
end
set(m, 'holder', me, 'fence', text(math.max(tonumber(m.fence or '0') + 1, now)), 'until', text(now + lease), 'attempt', '0')
local a = answer('held', m)
for _, value in ipairs(call('HMGET', meta, 'owner', 'target', 'lane', 'lanes', 'hash', 'encoding', 'routing')) do
  a[#a + 1] = value or ''
end
return a
`

// renewScript makes the lease last. ARGV: who, fence, lease in ms, attempt, and for the
// owner the end that it knows, else "", and the routing if that is another one by now.
const renewScript = `
call('PERSIST', meta)
local m = read()
if not m then return {'absent'} end
if m.holder ~= ARGV[1] or m.fence ~= ARGV[2] then return answer('taken', m) end
if tonumber(m.attempt) >= tonumber(ARGV[4]) then return answer('late', m) end
local known = ARGV[5]
if known ~= '' and tonumber(m['end']) > tonumber(known) then cut(m, known) end
set(m, 'until', text(clock() + tonumber(ARGV[3])), 'attempt', ARGV[4])
if ARGV[6] ~= '' then call('HSET', meta, 'routing', ARGV[6]) end
return answer('held', m)
`

// appendScript appends entries, renews the lease, and makes the stream where fence is
// empty. ARGV: who, fence, lease in ms, attempt, number of the first point, end, bytes, how
// many of the following belong to the meta, these, then for each entry its ID and its
// fields.
//
// Its first write is one that Redis refuses at maxmemory.
const appendScript = `
local me, fence, first, last = ARGV[1], ARGV[2], ARGV[5], ARGV[6]
local m, metas = read(), tonumber(ARGV[8])
if fence == '' then
  if m or call('EXISTS', stream) == 1 then return {'taken'} end
  local now = clock()
  m = {}
  set(m, 'holder', me, 'fence', text(now), 'until', text(now + tonumber(ARGV[3])), 'head', first, 'end', first,
    'takenUntil', '0', unpack(ARGV, 9, 8 + metas))
else
  if not m then return {'absent'} end
  if m.holder ~= me or m.fence ~= fence then return answer('taken', m) end
  if tonumber(m.attempt) >= tonumber(ARGV[4]) then return answer('late', m) end
  call('HSET', meta, 'attempt', ARGV[4], 'until', text(clock() + tonumber(ARGV[3])))
  if tonumber(m['end']) > tonumber(first) then cut(m, first) end
end
local at = 9 + metas
while at <= #ARGV do
  call('XADD', stream, ARGV[at], unpack(ARGV, at + 1, at + FIELDS))
  at = at + 1 + FIELDS
end
set(m, 'end', last, 'bytes', ARGV[7], 'attempt', ARGV[4])
return answer('held', m)
`

// releaseScript deletes what lies wholly before a number. ARGV: who, fence, the number,
// bytes that are left, "1" for one that is not the owner.
const releaseScript = `
call('PERSIST', meta)
local m = read()
if not m then return {'absent'} end
if m.holder ~= ARGV[1] or m.fence ~= ARGV[2] then return answer('taken', m) end
if tonumber(ARGV[3]) > tonumber(m.head) then
  call('XTRIM', stream, 'MINID', ARGV[3])
  if ARGV[5] == '1' then
    if m.takenUntil ~= m.head then call('HSET', meta, 'takenFrom', m.head) end
    set(m, 'takenUntil', ARGV[3])
  end
  set(m, 'head', ARGV[3], 'bytes', ARGV[4])
  if tonumber(m['end']) < tonumber(ARGV[3]) then set(m, 'end', ARGV[3]) end -- it has lost some
end
return answer('held', m)
`

// letGoScript gives the lease up, the owner's only if the stream is empty. ARGV: who, fence,
// "1" for one that is not the owner, for how many ms what was taken is remembered for the
// owner.
const letGoScript = `
call('PERSIST', meta)
local m = read()
if not m then return {'absent'} end
if m.holder ~= ARGV[1] or m.fence ~= ARGV[2] then return answer('taken', m) end
local empty = call('XLEN', stream) == 0
if ARGV[3] ~= '1' then
  if not empty then return answer('held', m) end
  call('DEL', stream, meta)
  return {'absent'}
end
set(m, 'holder', '', 'until', '0')
if empty then
  call('DEL', stream)
  call('HDEL', meta, 'routing')
  call('PEXPIRE', meta, ARGV[4])
end
return answer('held', m)
`
