"""Who is calling: sign-in, tokens, employees' accounts (O-2.3), API clients, deputies of heads (O-10)."""
