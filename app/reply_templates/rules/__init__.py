"""Rules of reply templates without a database: states, placeholders, reviews, differences, outdated mentions."""
