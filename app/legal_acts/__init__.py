"""Orders and laws that approve points, regulate them and set deadlines (O-2.7, O-5, O-6.2.2)."""
