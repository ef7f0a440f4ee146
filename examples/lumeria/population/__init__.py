"""What is true in Lumeria: people, households, marriages, incomes, disabilities, benefits."""
