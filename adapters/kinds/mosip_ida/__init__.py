"""Kind `mosip-ida`: MOSIP ID Authentication: yes or no, or e-KYC, by what the person who is present tells."""
