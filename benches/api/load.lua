-- For wrk: sends the requests of a file in a random order. Each line is a token, a tab and a body.
local requests = {}

function init(arguments)
  local headers = { ["Content-Type"] = "application/json", ["Accept"] = "application/json" }
  for line in io.lines(arguments[1]) do
    local token, body = line:match("^(%S+)\t(.+)$")
    headers["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format("POST", "/graphql", headers, body)
  end
  math.randomseed(7)
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"errors":%d}\n', summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
