"""HTTP/2 without TLS straight to the server, and a client that speaks HTTP/1.0."""

QUICK = True


def run(suite):
    server = suite.fixture()
    expected = suite.get(f"{server.url}/expected?n=500")
    url = f"{server.url}/events?stream=h2c&data=hostile&n=500&cut=120&pieces=3000"
    events = suite.read(url, "--h2c")
    received = [{name: event[name] for name in ("type", "data", "id")} for event in events]
    ids = [request["id"] for request in suite.get(f"{server.url}/log?stream=h2c")]
    figure = f"{len(events)} of 500 events, resumed at {', '.join(filter(None, ids))}"
    suite.check("our client, h2c to axum", "", received == expected, figure)
