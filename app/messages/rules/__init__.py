"""Pure rules of messages: states, transitions and deadlines."""
