"""Who is calling: sign-in of employees and API clients, tokens, employees' accounts (O-2.3)."""
