"""OpenAI's three formats: Chat Completions, Responses and the legacy text completions."""
