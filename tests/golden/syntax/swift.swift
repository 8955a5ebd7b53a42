// Trains.<|>
import Foundation

let limit = 10

protocol Moving {
    func move() -> Int
}

struct Train: Moving {
    var name: String

    init(name: String) {
        self.name = name<|>
    }

    func move() -> Int {
        print("train \(name<|>) moves<|>")
        return 1
    }
}

func empty() {
    <|>
}
