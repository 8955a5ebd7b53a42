-- Shapes.<|>
module Shapes where

data Shape = Circle Double | Square Double

class HasArea a where
  area :: a -> Double

instance HasArea Shape where
  area (Circle r) = 3 * r * r<|>
  area (Square s) = s * s

main :: IO ()
main = do
  putStrLn "shapes<|>"
  print (area (Circle 1))<|>

twice :: Int -> Int
twice x = y
  where y = x * 2<|>
