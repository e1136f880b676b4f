"""Why training converges: ReLU networks, exact risks and gradient flow."""

from course_lib.cell_polynomials import CellPolynomial
from course_lib.descent import best_of, gradient_descent, stochastic_gradient_descent
from course_lib.flows import gradient_flow
from course_lib.minima import global_minimum
from course_lib.networks import ReLUNetwork
from course_lib.other_risks import EmpiricalRisk, QuadratureRisk
from course_lib.piecewise import PiecewisePolynomial
from course_lib.risks import ExactRisk
from course_lib.theorems import applicable

__all__ = [
    "CellPolynomial",
    "EmpiricalRisk",
    "ExactRisk",
    "PiecewisePolynomial",
    "QuadratureRisk",
    "ReLUNetwork",
    "applicable",
    "best_of",
    "global_minimum",
    "gradient_descent",
    "gradient_flow",
    "stochastic_gradient_descent",
]
