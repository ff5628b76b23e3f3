"""Google's generateContent: the Gemini API and the Agent Platform (Vertex AI)."""
