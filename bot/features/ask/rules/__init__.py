"""The policy of answering, as pure functions.

`own_words` knows what is answered without a search, `question` reads the question, `facts` finds
structured facts that answer it, `confidence` decides whether the material covers it, `evidence`
chooses what is quoted.
"""
