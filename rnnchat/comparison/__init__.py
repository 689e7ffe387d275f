"""The same prompt given to several models, kept together with what the person preferred."""
