"""What dropped files hold: CSV, XLSX, JSON Lines, fixed width; read row by row, in bounded memory."""
