// Shapes.
#include <string>

namespace shapes {

class Shape {
public:
    virtual ~Shape() = default;
    virtual double area() const = 0;<|>
    std::string name() const { return R"(sha<|>pe)"; }

private:
    int id_;
};

template <typename T>
T larger(T a, T b)
{
    auto less = [](T x, T y) { <|>return x < y; };
    return less(a, b) ? b : a;
}

double Circle::area() const
{
    <|>
}

} // namespace shapes<|>

using Length = double;

int &first(int *p)
{
    return *p;<|>
}
