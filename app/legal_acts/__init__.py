"""Legal acts: orders and laws that approve or regulate interaction points and set deadlines (O-2.7, O-5, O-6.2.2)."""
