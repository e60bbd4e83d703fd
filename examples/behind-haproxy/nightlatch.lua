-- Asks Nightlatch whether a request may pass: `http-request lua.nightlatch ADDRESS PATH`.
-- Sets txn.nightlatch_status, txn.nightlatch_location when a page is to go to sign-in, and the identity headers; takes
-- the cookies of Nightlatch out of those that the application gets.

-- What Nightlatch decides by; nothing else of the client's headers has to leave for the question.
local passed_on = { 'cookie', 'accept', 'sec-fetch-mode', 'sec-fetch-site', 'x-requested-with', 'user-agent', 'upgrade', 'referer' }
local identity = { 'remote-user', 'remote-name', 'remote-email', 'remote-groups' }

local function first(headers, name)
  local values = headers[name]
  return values and values[0]
end

local function ask(txn, address, path)
  txn:set_var('txn.nightlatch_status', 503)
  local sent = txn.http:req_get_headers()
  local headers = {
    ['x-forwarded-method'] = { txn.sf:method() },
    ['x-forwarded-proto'] = { first(sent, 'x-forwarded-proto') },
    ['x-forwarded-host'] = { first(sent, 'x-forwarded-host') },
    ['x-forwarded-uri'] = { txn.sf:pathq() },
    ['x-forwarded-for'] = { txn.sf:src() },
    ['sec-nightlatch-cookie'] = { 'without-ours' },
  }
  for _, name in ipairs(passed_on) do
    local values = {}
    local index = 0
    while sent[name] and sent[name][index] do
      values[index + 1] = sent[name][index]
      index = index + 1
    end
    -- Several Cookie lines are one list, cut by semicolons.
    if index > 0 then headers[name] = { table.concat(values, name == 'cookie' and '; ' or ', ') } end
  end
  local answer = core.httpclient():get({ url = 'http://' .. address .. path, headers = headers, timeout = 5000 })
  if answer == nil or answer.status == 0 then return end
  txn:set_var('txn.nightlatch_status', answer.status == 302 and 401 or answer.status)
  if answer.status == 302 then txn:set_var('txn.nightlatch_location', first(answer.headers, 'location')) end
  txn:set_var('txn.nightlatch_challenge', first(answer.headers, 'www-authenticate') or '')
  if answer.status ~= 200 then return end
  for _, name in ipairs(identity) do
    txn.http:req_set_header(name, first(answer.headers, name) or '')
  end
  local cookie = first(answer.headers, 'cookie')
  txn.http:req_del_header('cookie')
  if cookie and cookie ~= '' then txn.http:req_set_header('cookie', cookie) end
end

core.register_action('nightlatch', { 'http-req' }, ask, 2)
