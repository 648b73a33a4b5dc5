"""What a person sees: the phones, their texts, and a place to answer."""
