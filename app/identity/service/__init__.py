"""Use cases of identity: sign-in, sessions and their expiry, accounts, API clients, demo accounts, substitutions."""
