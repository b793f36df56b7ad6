"""Use cases of identity: sign-in and sessions, employees' accounts, API clients, the accounts of the demo."""
