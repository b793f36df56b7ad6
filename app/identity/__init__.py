"""Authentication and accounts: sign-in, tokens, employees (O-2.3), API clients, substitutions of heads (O-10)."""
