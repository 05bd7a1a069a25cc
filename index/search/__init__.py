"""Find the chunks that match a query.

Read the modules in this order:

- `searcher`: finds candidates in Chroma
- `spelling`: corrects the misspelt words of a query
- `ranking`: ranks the candidates by their words and vectors
- `near_duplicates`: finds articles with nearly the same text
- `retriever`: the index as a LangChain retriever
"""
