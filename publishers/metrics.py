"""What is counted of issuers. Their addresses are as many as an administrator added."""

from prometheus_client import Counter

key_refreshes = Counter("gatehouse_key_refreshes", "Fetches of an issuer's keys.", ["issuer", "outcome"])
