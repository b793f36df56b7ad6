"""The edge of HTTP: limits on requests and bodies, problem responses, the OpenAPI document, health, logs."""
