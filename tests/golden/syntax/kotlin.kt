// Cars.<|>
package cars

const val LIMIT = 10

enum class Fuel { GAS, POWER }

class Car(val name: String) {
    val speed = 0

    fun drive() {
        println("driving ${name<|>} now<|>")
        listOf(1).forEach {
            println(it)<|>
        }
    }
}

object Garage {
    fun open() {
        <|>
    }
}

fun main() = println("x")
