"""The working calendar of organizations: days off and working days, working hours, terms counted by them (O-6.2.2)."""
