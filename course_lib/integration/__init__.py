"""Where exactness lives: integrals of squared residuals, cut where the integrand stops being polynomial."""
