"""The service that carries out the ministry's order on working with its external clients."""
