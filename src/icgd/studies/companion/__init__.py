"""Small learners on lines, to be looked at: the page in which trained learners answer."""
