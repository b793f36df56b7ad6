"""Use cases of identity: sign-in and sessions, employees' accounts, API clients, demo accounts, substitutions."""
