-- Users.<|>
CREATE TABLE users (
  id INTEGER PRIMARY KEY,<|>
  name TEXT DEFAULT 'x<|>'
);

CREATE VIEW names AS SELECT name FROM users;

/* all of<|> them */
SELECT * FROM users WHERE name = 'a';<|>
