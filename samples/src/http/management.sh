#!/bin/sh
# The management API by curl alone: start, poll, raise, terminate, query with pages, purge.
#
#   management.sh URL [ORCHESTRATION [EVENT]]
#
# URL is that of the API, such as http://127.0.0.1:7071/runtime/webhooks/durabletask. The orchestration waits for the
# event and then completes. With PERDURE_KEY set, requests carry it.
set -eu

api=$1
orchestration=${2:-approval}
event=${3:-decision}
tour="tour-$$-$(date +%s)"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# request METHOD URL [curl's options]: leaves $status, the file "headers" and the file "body".
request() {
  method=$1 url=$2
  shift 2
  status=$(curl --silent --show-error --max-time 60 --request "$method" \
    --dump-header "$folder/headers" --output "$folder/body" --write-out '%{http_code}' \
    ${PERDURE_KEY:+--header "Authorization: Bearer $PERDURE_KEY"} "$@" "$url")
}

header() {
  tr -d '\r' <"$folder/headers" | sed -n "s/^$1: //Ip"
}

# field NAME: the value of a field of text in the answer.
field() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$folder/body"
}

expect() {
  [ "$status" = "$1" ] && return
  echo "expected $1, was answered $status: $(cat "$folder/body")" >&2
  exit 1
}

# poll URL: asks until the instance has finished, as often as the server says.
poll() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    request GET "$1"
    [ "$status" = 202 ] || return 0
    sleep "${PERDURE_PAUSE:-$(header retry-after)}"
  done
}

echo "start $orchestration"
request POST "$api/orchestrators/$orchestration/$tour-1" --data '{"amount":40}'
expect 202
location=$(header location)
echo "  202, Location: $location, Retry-After: $(header retry-after)"

echo "start it again under the same id"
request POST "$api/orchestrators/$orchestration/$tour-1" --data '{"amount":40}'
expect 409
echo "  409, code: $(field code)"

echo "raise $event"
request POST "$api/instances/$tour-1/raiseEvent/$event" --header 'Content-Type: application/json' --data '{"approved":true}'
expect 202

echo "poll the location to the end"
poll "$location"
expect 200
echo "  200, runtimeStatus: $(field runtimeStatus)"
[ "$(field runtimeStatus)" = Completed ]

echo "start another one, once, whatever happens to the answer"
for _ in 1 2; do
  request POST "$api/orchestrators/$orchestration/$tour-2" --header "Idempotency-Key: $tour" --data 1
  expect 202
done

echo "terminate it, and wait for its end in one request"
request POST "$api/instances/$tour-2/terminate?reason=no%20longer%20needed"
expect 202
request GET "$api/instances/$tour-2/result?timeout=30s"
expect 200
echo "  200, runtimeStatus: $(field runtimeStatus), output: $(field output)"
[ "$(field runtimeStatus)" = Terminated ]

echo "start a third one for tomorrow"
request POST "$api/orchestrators/$orchestration/$tour-3?delay=1d"
expect 202

echo "query, two instances a page"
found=0
token=
for page in 1 2 3 4 5 6 7 8 9; do
  request GET "$api/instances?instanceIdPrefix=$tour&top=2" ${token:+--header "x-ms-continuation-token: $token"}
  expect 200
  count=$(grep -o '"instanceId":' "$folder/body" | wc -l | tr -d ' ')
  found=$((found + count))
  echo "  page $page: $count"
  token=$(header x-ms-continuation-token)
  [ -n "$token" ] || break
done
[ "$found" = 3 ]

echo "purge the finished ones: first count, then delete"
request DELETE "$api/instances?createdTimeFrom=2020-01-01&instanceIdPrefix=$tour&dryRun=true"
expect 200
echo "  $(cat "$folder/body")"
request DELETE "$api/instances?createdTimeFrom=2020-01-01&instanceIdPrefix=$tour"
expect 200
echo "  $(cat "$folder/body")"
grep -q '"instancesDeleted":2' "$folder/body"

request GET "$api/instances/$tour-1"
expect 404
request POST "$api/instances/$tour-3/terminate"
expect 202
echo "done"
