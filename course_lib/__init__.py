"""Why training converges: ReLU networks, exact risks and gradient flow."""

from course_lib.descent import best_of, gradient_descent
from course_lib.flows import gradient_flow
from course_lib.networks import ReLUNetwork
from course_lib.piecewise import PiecewisePolynomial
from course_lib.risks import ExactRisk

__all__ = ["ExactRisk", "PiecewisePolynomial", "ReLUNetwork", "best_of", "gradient_descent", "gradient_flow"]
