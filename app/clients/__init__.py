"""External clients with their contacts and representatives (O-2.2)."""
