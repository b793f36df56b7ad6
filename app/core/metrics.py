"""Prometheus metrics of one application instance; labels are route templates, never values."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The instruments of a service, in a registry of its own so that tests can build many services."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests", "Requests by route", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "http_request_seconds", "Time to answer by route", ["method", "route"], registry=self.registry
        )
        self.at_work = Gauge("http_requests_at_work", "Requests at work", registry=self.registry)
        self.outbox_depth = Gauge("outbox_depth", "Events that wait to be relayed", registry=self.registry)
        self.outbox_parked = Gauge("outbox_parked", "Events that were given up", registry=self.registry)
